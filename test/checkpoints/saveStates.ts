import { saveState } from '../../checkpoints/run/state.js';

// Saves states in the folder it is given until it is killed, every second one over the one before: state.test.ts
// starts it. All numbers of a state equal `mark`.
const [folder = '', from = '0'] = process.argv.slice(2);
process.stdout.write('ready\n');
for (let i = Number(from); ; i++) {
  const values = new Float32Array(200_000).fill(i);
  const tensors = new Map([['numbers', { shape: [values.length], values }]]);
  await saveState(folder, Math.floor(i / 2), { tensors, data: { mark: i } });
}
