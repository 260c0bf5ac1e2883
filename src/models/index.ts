/** The zoo: every model is a function of its options. */
export { alexNet } from './alexnet.js';
export { charLstm, charRnn, type CharRnnOptions } from './char-rnn.js';
export { deepFace, type DeepFaceOptions } from './deepface.js';
export { denoisingAutoencoder, type DenoisingAutoencoderOptions } from './denoising-autoencoder.js';
export { googLeNet, googLeNetLoss, type GoogLeNetOptions } from './googlenet.js';
export { gpt, type GptOptions } from './gpt.js';
export { type ImageNetOptions } from './image-options.js';
export { lenet1 } from './lenet1.js';
export { lenet5 } from './lenet5.js';
export {
  lenet5Original,
  lenet5OriginalLoss,
  type LeNet5OriginalOptions,
} from './lenet5-original.js';
export { mlp, type MlpOptions } from './mlp.js';
export { networkInNetwork, type NetworkInNetworkOptions } from './network-in-network.js';
export { resNet18, resNet34, resNet50, resNet101, resNet152 } from './resnet.js';
export { resnet20, type ResNetOptions } from './resnet20.js';
export { seResNet, type SeResNetOptions } from './se-resnet.js';
export { smallInception, type SmallInceptionOptions } from './small-inception.js';
export { smallSeNet, type SmallSeNetOptions } from './small-senet.js';
export { srcnn, type SrcnnOptions } from './srcnn.js';
export { unet, type UNetOptions } from './unet.js';
export { vgg11, vgg13, vgg16, vgg19, type VggOptions } from './vgg.js';
export { zfNet } from './zfnet.js';
