"""Documents with images through exports, as loadExports.py has texts: PyTorch's own image processor, its own chat template."""

import torchvision_operators  # first, for what it does before transformers is loaded

import torch
from peft import PeftModel
from PIL import Image, ImageOps
from safetensors import safe_open
from sentence_transformers import SentenceTransformer
from transformers import AutoModel, AutoModelForImageTextToText, AutoProcessor

IMAGE = "<|vision_start|><|image_pad|><|vision_end|>"


def text_of(document, contract):
    """Text as the model cards say: without a title that of a passage begins with a blank."""
    if contract["titleRule"] == "as-is":
        return document["text"]
    text = document["text"].strip()
    return text if document["kind"] == "query" else (" " + text).rstrip()


def parts(document, contract):
    """Prefix and text, and the images, in the contract's order."""
    text = contract[f"{document['kind']}Prefix"] + text_of(document, contract)
    images = [{"type": "image"}] * len(document["images"])
    written = [{"type": "text", "text": text}]
    return images + written if contract["image"]["order"] == "image-first" else written + images


def read(document, folder):
    """As the contract reads them: turned as EXIF says, transparency left out, which transformers from 5.21 on would lay over white."""
    return [ImageOps.exif_transpose(Image.open(f"{folder}/{name}")).convert("RGB") for name in document["images"]]


def processed(processor, document, reference):
    """What transformers makes of a document: token ids, patches and their grid."""
    contract = reference["contract"]
    content = parts(document, contract)
    if "chatBefore" in contract:
        text = processor.apply_chat_template([{"role": "user", "content": content}], tokenize=False)
    else:
        text = "".join(part.get("text", IMAGE) for part in content)
    ends = processor.tokenizer.decode([contract["eosId"]]) if contract["eosId"] is not None else ""
    images = read(document, reference["images"]) or None
    return processor(text=[text + ends], images=images, return_tensors="pt")


def load_processor(folder, contract):
    processor = AutoProcessor.from_pretrained(folder)
    limits = contract["image"]["minPixels"], contract["image"]["maxPixels"]
    processor.image_processor.size.shortest_edge, processor.image_processor.size.longest_edge = limits
    return processor


def embed(model, inputs):
    with torch.no_grad():
        states = [model(**one).last_hidden_state[0, -1].float() for one in inputs]
    return torch.nn.functional.normalize(torch.stack(states), dim=1)


def load_base(folder):
    return AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32).model.eval()


def load_adapter(base, folder):
    model = PeftModel.from_pretrained(load_base(base), folder).eval()
    with safe_open(folder / "adapter_model.safetensors", "pt") as file:
        written = list(file.keys())
    adapted = [name for name, _ in model.named_parameters() if "lora_" in name]
    in_tower, of_tower = ([name for name in names if "visual" in name] for names in (adapted, written))
    assert len(in_tower) == len(of_tower), f"{len(in_tower)} matrices in the vision tower, {len(of_tower)} in the file"
    assert len(adapted) == len(written), f"{len(adapted)} matrices in the model, {len(written)} in the file"
    return model


def embed_sentence_transformers(folder, reference):
    model = SentenceTransformer(str(folder), device="cpu", model_kwargs={"dtype": torch.float32})
    rows = []
    for document in reference["documents"]:
        images = read(document, reference["images"])
        encode = model.encode_query if document["kind"] == "query" else model.encode_document
        text = text_of(document, reference["contract"])
        one = {"text": text, "image": images[0]} if len(images) == 1 else text
        if len(images) > 1:
            content = [{"type": "image", "image": image} for image in images] + [{"type": "text", "text": text}]
            one = [{"role": "user", "content": content}]
        rows.append(encode([one], convert_to_tensor=True)[0])
    return torch.stack(rows)


def check_images(case, reference, exact):
    """Yields whether each check of a case passed, with its name and what was found."""
    contract, documents, base = reference["contract"], reference["documents"], reference["base"]
    processor = load_processor(base, contract)
    inputs = [processed(processor, document, reference) for document in documents]
    yield [one["input_ids"][0].tolist() for one in inputs] == reference["tokens"], f"{case.name}: token ids", ""
    ours = torch.tensor(reference["embeddings"])
    untrained = embed(load_base(base), inputs)
    for folder in sorted((case / "exports").iterdir()):
        if folder.name == "peft":
            found = embed(load_adapter(base, folder), inputs)
        elif folder.name == "merged":
            model, report = AutoModel.from_pretrained(folder, dtype=torch.float32, output_loading_info=True)
            assert not report["missing_keys"], report
            own = AutoProcessor.from_pretrained(folder)  # without limits from here: the export has the contract's
            found = embed(model.eval(), [processed(own, document, reference) for document in documents])
        else:
            found = embed_sentence_transformers(folder, reference)
        off, moved = ((found - other).abs().max().item() for other in (ours, untrained))
        yield off < exact and moved > 10 * off, f"{case.name}: {folder.name}", f"off by {off:.1e}, by {moved:.1e} from the base"
