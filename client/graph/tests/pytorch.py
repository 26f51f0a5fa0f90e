#!/usr/bin/env python3
"""Writes small random models of transformers as folders in Hugging Face's layout, each with what
PyTorch computes on it in `reference.safetensors`, for the example `pytorch` to compare:
`pytorch.py FOLDER`."""
import pathlib
import sys

import torch
import transformers
from safetensors.torch import save_file
from tokenizers import Tokenizer, models
from transformers.pytorch_utils import Conv1D

SEGMENTS, ROWS, RANK, VOCABULARY, CLASSES = 3, 2, 3, 61, 3
RATE, BETAS, STEPS = 1e-2, (0.9, 0.99), 2

small = dict(vocab_size=VOCABULARY, hidden_size=32, num_hidden_layers=2, num_attention_heads=4)
llama = dict(small, intermediate_size=40, max_position_embeddings=64)
llama3 = dict(rope_type="llama3", factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=16)
# How many tokens a row has, where it is not the usual number: all there are, and many.
USUAL, CONTEXTS = 12, {"gpt2-bare": 20, "llama": 60}
gpt2 = dict(vocab_size=VOCABULARY, n_positions=20, n_embd=32, n_layer=2, n_head=4)
MODELS = {
    "gpt2": transformers.GPT2Config(**gpt2),
    "gpt2-bare": transformers.GPT2Config(**gpt2, n_inner=48, activation_function="gelu"),
    "llama": transformers.LlamaConfig(**llama, num_key_value_heads=2, rope_scaling=llama3,
                                      rope_theta=500.0),
    "llama-tied": transformers.LlamaConfig(**llama, num_key_value_heads=1, tie_word_embeddings=True,
                                           attention_bias=True, mlp_bias=True,
                                           rope_scaling=dict(rope_type="linear", factor=2.0)),
    "mistral": transformers.MistralConfig(**llama, num_key_value_heads=4, head_dim=6,
                                          sliding_window=None),
    "qwen2": transformers.Qwen2Config(**llama, num_key_value_heads=2),
    "bert": transformers.BertConfig(**small, intermediate_size=40, max_position_embeddings=20,
                                    num_labels=CLASSES),
    "bert-cased": transformers.BertConfig(**small, intermediate_size=24, max_position_embeddings=12,
                                          hidden_act="gelu_new", type_vocab_size=3),
}


def build(config):
    kind = (transformers.AutoModelForSequenceClassification if config.model_type == "bert"
            else transformers.AutoModelForCausalLM)
    model = kind.from_config(config, attn_implementation="eager").eval()
    # As made, biases are zero and norms one, which would hide mistakes.
    for name, parameter in model.named_parameters():
        parameter.data.normal_(0, 0.2 if parameter.dim() == 1 else parameter.shape[-1] ** -0.5)
        if parameter.dim() == 1 and name.endswith("weight"):
            parameter.data += 1
        parameter.requires_grad_(False)
    return model


class Adapter:
    """Low-rank matrices on all linear layers, as forward hooks."""

    def __init__(self, model):
        self.pairs, self.hooks = {}, []
        for name, module in model.named_modules():
            if isinstance(module, Conv1D):
                sides = module.weight.shape
            elif isinstance(module, torch.nn.Linear):
                sides = module.weight.shape[::-1]
            else:
                continue
            a = torch.randn(sides[0], RANK) * sides[0] ** -0.5
            b = torch.randn(RANK, sides[1]) * RANK ** -0.5
            self.pairs[name] = [a.requires_grad_(), b.requires_grad_()]
            hook = lambda _, x, y, name=name: y + x[0] @ self.pairs[name][0] @ self.pairs[name][1]
            self.hooks.append(module.register_forward_hook(hook))

    def parameters(self):
        return [p for pair in self.pairs.values() for p in pair]

    def tensors(self, values=None):
        values = iter(self.parameters() if values is None else values)
        return {f"{name}.lora_{side}": next(values).detach().clone() for name in self.pairs for side in "AB"}


def main(folder):
    for seed, (name, config) in enumerate(MODELS.items()):
        torch.manual_seed(seed)
        model = build(config)
        classifier = config.model_type == "bert"
        here = folder / name
        # Without its head a model's names have no first part.
        (model.transformer if name.endswith("bare") else model).save_pretrained(here)
        words = models.WordLevel({f"w{i}": i for i in range(VOCABULARY)}, "w0")
        transformers.PreTrainedTokenizerFast(tokenizer_object=Tokenizer(words), clean_up_tokenization_spaces=False).save_pretrained(here)

        context = CONTEXTS.get(name, USUAL)
        shape = (SEGMENTS, ROWS, context)
        out = {"tokens": torch.randint(VOCABULARY, shape)}
        if classifier:
            # The second row of each segment is shorter.
            out["present"] = torch.ones(shape)
            out["present"][:, 1, context - 4:] = 0
            out["kinds"] = torch.randint(config.type_vocab_size, shape)
            out["targets"] = torch.randint(config.num_labels, shape[:2])
        else:
            out["targets"] = torch.randint(VOCABULARY, shape)
        out["mask"] = torch.rand(out["targets"].shape)

        def run(s, rows=slice(None)):
            given = {"input_ids": out["tokens"][s, rows]}
            if classifier:
                given |= {"attention_mask": out["present"][s, rows], "token_type_ids": out["kinds"][s, rows]}
            logits = model(**given).logits
            log = logits.log_softmax(-1).gather(-1, out["targets"][s, rows].unsqueeze(-1)).squeeze(-1)
            return logits, log, (log * out["mask"][s, rows]).sum()

        with torch.no_grad():
            out["base"] = torch.stack([run(s)[0] for s in range(SEGMENTS)])
        found = {}
        for s in range(SEGMENTS):
            adapter = Adapter(model)
            logits, log, objective = run(s)
            one = {"logits": logits, "log": log, "objective": objective}
            one |= {f"adapter.{k}": v for k, v in adapter.tensors().items()}
            for row in range(ROWS):
                loss = -run(s, slice(row, row + 1))[2]
                gradients = adapter.tensors(torch.autograd.grad(loss, adapter.parameters()))
                one |= {f"gradient.{row}.{k}": v for k, v in gradients.items()}
            optimiser = torch.optim.AdamW(adapter.parameters(), lr=RATE, betas=BETAS, eps=1e-8, weight_decay=0)
            for _ in range(STEPS):
                optimiser.zero_grad()
                (-run(s)[2]).backward()
                optimiser.step()
            one |= {f"trained.{k}": v for k, v in adapter.tensors().items()}
            for hook in adapter.hooks:
                hook.remove()
            for key, value in one.items():
                found.setdefault(key, []).append(value.detach())
        out |= {key: torch.stack(values) for key, values in found.items()}
        save_file({key: value.contiguous() for key, value in out.items()}, str(here / "reference.safetensors"))
        print(f"{name}: {sum(p.numel() for p in model.parameters())} weights, PyTorch {torch.__version__}")


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()
    torch.set_num_threads(1)
    main(pathlib.Path(sys.argv[1]))
