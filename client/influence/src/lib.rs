//! Counterfactual scores of answers, and the baselines that they are measured against.
