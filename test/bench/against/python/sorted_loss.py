"""The loss of sentence-transformers with what a careful user could add: texts of like length share a mini-batch."""

import torch
from sentence_transformers.sentence_transformer.losses import CachedMultipleNegativesRankingLoss


class SortedCachedLoss(CachedMultipleNegativesRankingLoss):
    """Embeds all columns together, longest text first, and cuts mini-batches of `mini_batch_size` texts.

    The mini-batches of the stock loss never reach beyond a column, and a column has no more rows than the pool queries.
    """

    def forward(self, sentence_features, labels):
        columns = list(sentence_features)
        sizes = [column["input_ids"].shape[0] for column in columns]
        widest = max(column["input_ids"].shape[1] for column in columns)
        grow = lambda x: torch.nn.functional.pad(x, (0, widest - x.shape[1]))
        whole = {name: torch.cat([grow(column[name]) for column in columns]) for name in ("input_ids", "attention_mask")}
        order = whole["attention_mask"].sum(1).argsort(descending=True)
        pieces = []
        for rows in order.split(self.mini_batch_size):
            width = int(whole["attention_mask"][rows].sum(1).max())
            pieces.append((rows, {name: values[rows, :width] for name, values in whole.items()}))
        with torch.no_grad():
            found = torch.cat([self.model(dict(piece))["sentence_embedding"] for _, piece in pieces])
        embeddings = torch.empty_like(found)
        embeddings[order] = found
        embeddings.requires_grad_()
        loss = self.calculate_loss([[part] for part in embeddings.split(sizes)], labels, with_backward=True)
        for rows, piece in pieces:
            again = self.model(dict(piece))["sentence_embedding"]
            torch.sum(again.float() * embeddings.grad[rows].float()).backward()
        return loss.detach().requires_grad_()
