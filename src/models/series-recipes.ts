/** Recipes of the models that forecast series. */
import type { Model } from '../layers/index.js';
import { forecaster, type ForecasterOptions } from './forecaster.js';
import type { Recipe } from './recipes.js';

/** What `inspect` shows without a series: two days of hours, and the day that follows. */
const HOURS: ForecasterOptions = { window: 48, horizon: 24 };

/** A recipe of a model of series; its loss gets the scale of the series, and its epochs follow from `updates`. */
export interface SeriesRecipe extends Recipe {
  readonly ofSeries: (series: ForecasterOptions) => Model;
}

/** Updates of a run with a number of epochs that nobody asked for: short series need as many as long ones. */
export const SERIES_UPDATES = 2000;

const recipe = (cell: ForecasterOptions['cell'], learningRate: number): SeriesRecipe => {
  const ofSeries = (series: ForecasterOptions) => forecaster({ ...series, cell: cell! });
  return {
    ofSeries,
    create: () => ofSeries(HOURS),
    loss: 'l1',
    metrics: ['rmse'],
    optimizer: 'adam',
    learningRate,
    weightDecay: 0,
    schedule: 'linear',
    batch: 32,
    epochs: 20,
    keepBest: true,
  };
};

export const seriesRecipes: Readonly<Record<string, SeriesRecipe>> = {
  nlinear: recipe('linear', 0.01),
  lstm: recipe('lstm', 0.003),
  gru: recipe('gru', 0.003),
};
