"""
torchvision's ResNet-18 with drawn weights on drawn images in bytes, through the preprocessing that belongs to its
pretrained weights (their own `transforms`, at 96 pixels). Writes imagenet.json. Needs torchvision and Pillow:

    /usr/bin/python3 test/golden/make_imagenet.py
"""
from common import *
from PIL import Image
from torchvision.models import ResNet18_Weights, resnet18

SIZE, SEED = 96, 31001


def images(count):
    values = ((numbers(count * 3 * SIZE * SIZE, SEED - 1) + 1) * 128).astype(np.uint8)
    return [Image.fromarray(one.transpose(1, 2, 0)) for one in values.reshape(count, 3, SIZE, SIZE)]


preprocess = ResNet18_Weights.IMAGENET1K_V1.transforms(crop_size=SIZE, resize_size=SIZE)
model = resnet18(num_classes=10).double().eval()
state = {k: v for k, v in model.state_dict().items() if not k.endswith("num_batches_tracked")}
for i, (key, t) in enumerate(state.items()):
    shape = list(t.shape)
    scale = 0.25 if len(shape) == 1 else (6 / np.prod(shape[1:])) ** 0.5
    shift = 1.5 if key.endswith("running_var") else 0
    t.copy_(draw(shape, SEED + i, scale).detach().float() + shift)
with torch.no_grad():
    y = model(torch.stack([preprocess(image) for image in images(2)]).double())
save("imagenet", [dict(seed=SEED, size=SIZE, mean=preprocess.mean, std=preprocess.std,
                       parameters={k: list(t.shape) for k, t in state.items()}, y=pack(y))])
