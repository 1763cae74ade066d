import { rateShare } from '../../../../train/step/update/schedule.js';
import { assertClose } from '../../../assertions.js';

const rates = (kind: 'log-warmup' | 'linear' | 'cosine', warmupSteps: number, updates: number[], total: number) =>
  updates.map((update) => rateShare({ kind, warmupSteps }, update, total));

describe('rateShare', () => {
  it('warms up logarithmically and falls linearly as the study did', () => {
    // Logged at peak 1e-4 over 3,836 updates: 5.0e-5 at 10, 6.505e-5 at 20, 8.495e-5 at 50, 1e-4 at 100, ...
    const updates = [10, 20, 50, 100, 110, 3830];
    assertClose(
      rates('log-warmup', 100, updates, 3836),
      [0.5, 0.650515, 0.849485, 1, 0.997591, 0.00187366],
      1e-6,
      'share',
    );
  });

  it('starts at zero and ends one share above zero under log-warmup', () => {
    assertClose(rates('log-warmup', 100, [1, 101, 3836], 3836), [0, 1, 1 / 3736], 1e-12);
  });

  it('warms up evenly, then falls evenly, to zero behind the last update: no update is made in vain', () => {
    assertClose(rates('linear', 2, [1, 2, 3, 4, 5], 5), [0.5, 1, 0.75, 0.5, 0.25], 1e-12);
  });

  it('warms up evenly, then follows half a cosine, to zero behind the last update', () => {
    const half = Math.SQRT1_2 / 2;
    assertClose(rates('cosine', 2, [1, 2, 3, 4, 5], 5), [0.5, 1, 0.5 + half, 0.5, 0.5 - half], 1e-12);
  });

  it('needs no warm-up', () => {
    assertClose(rates('log-warmup', 0, [1, 2, 4], 4), [1, 0.75, 0.25], 1e-12);
    assertClose(rates('linear', 0, [1, 4], 4), [0.8, 0.2], 1e-12);
    assertClose(rates('cosine', 0, [1], 1), [0.5], 1e-12);
    assertClose(rates('log-warmup', 1, [1, 2], 3), [1, 1], 1e-12); // ln 1 / ln 1 would not be a number
  });

  it('stays finite where every update warms up', () => {
    assertClose(rates('log-warmup', 4, [4], 4), [1], 1e-12);
    assertClose(rates('cosine', 4, [4], 4), [1], 1e-12);
  });
});
