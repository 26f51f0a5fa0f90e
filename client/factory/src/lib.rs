//! Tokenizers, pretraining and fine-tuning of published and counterfactual adapters.
