"""Hugging Face: the second line is the callback. The model is made here, nothing is fetched."""

import torch
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments

from heimdall_dash.integrations.transformers import HeimdallCallback

torch.manual_seed(0)
tokens = torch.randint(5, 50, (64, 8))
examples = [
    {"input_ids": row, "attention_mask": torch.ones(8).long(), "labels": (row[0] > 27).long()}
    for row in tokens
]
tiny = BertConfig(
    vocab_size=50, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
)
arguments = TrainingArguments(
    "checkpoints", num_train_epochs=4, logging_steps=2, eval_strategy="epoch", save_strategy="no",
    learning_rate=1e-3, per_device_train_batch_size=16, report_to="none", use_cpu=True,
)  # fmt: skip
trainer = Trainer(
    model=BertForSequenceClassification(tiny), args=arguments, train_dataset=examples[:48],
    eval_dataset=examples[48:], callbacks=[HeimdallCallback("transformers")],
)  # fmt: skip
trainer.train()
