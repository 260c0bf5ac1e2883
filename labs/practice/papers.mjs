/** What the papers found on ImageNet, by the names that the labs have for it: top-1 and top-5 errors. */
export const PAPERS = [
  ['Krizhevsky et al. 2012', 'ImageNet classification with deep CNNs', 'doi.org/10.1145/3065386'],
  ['Szegedy et al. 2015', 'Going deeper with convolutions', 'arxiv.org/abs/1409.4842'],
  ['Simonyan & Zisserman 2015', 'Very deep convolutional networks', 'arxiv.org/abs/1409.1556'],
].map(([cite, title, place]) => ({ cite, title, link: `https://${place}` }));

const [ALEXNET, GOOGLENET, VGG] = PAPERS.map(({ cite }) => cite);

const FOUND = {
  'one crop': [0.39, 0.183, `${ALEXNET}, §6; GoogLeNet: top-5 10.07 %`],
  'ten crops': [0.375, 0.17, `${ALEXNET}, table 1; GoogLeNet: top-5 9.15 %`],
  '144 crops': [undefined, 0.0789, `${GOOGLENET}, table 3`],
  'dense, four scales': [0.248, 0.075, `${VGG}, table 5, three scales`],
  'dense and crops': [0.244, 0.072, `${VGG}, table 5, three scales`],
  'one net, one crop': [undefined, 0.1007, `${GOOGLENET}, table 3`],
  'one net, ten crops': [undefined, 0.0915, `${GOOGLENET}, table 3`],
  'all nets, one crop': [undefined, 0.0809, `${GOOGLENET}, table 3, seven nets`],
  'all nets, ten crops': [undefined, 0.0762, `${GOOGLENET}, table 3, seven nets`],
};

/** The paper's top-5 error of a way. */
export const top5Of = (way) => FOUND[way][1];

/** The figure of a way's error within k guesses, beside the paper's. */
export function errorFigure(way, k, value) {
  const paper = FOUND[way]?.[k === 1 ? 0 : 1];
  const known = paper === undefined ? {} : { paper, source: FOUND[way][2] };
  return { name: `top-${k} error: ${way}`, value, format: 'percent', ...known };
}
