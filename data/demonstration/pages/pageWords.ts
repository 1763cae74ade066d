/** What pages speak of. Each is one token of the demonstration's base where a blank stands before it. */
export const topics = words(
  'animal ball bank battle blood board body bone border building business capital cell child city class coast company',
  'computer corn country court design disease distance earth energy fabric filter fire flower food fruit game glass',
  'grass group hand heat height herb home horse image island iron king land language layer leaf letter life light',
  'liquid machine matter meat medicine memory message metal milk money motion mountain movement music night number',
  'paper party path people person photo plane plant poet port power pressure race radio region river rock room root',
  'salt sand school science seed service ship shrub signal software sound south space speech stock string system table',
  'time tool town travel view wall water weight wind window wine woman wood world writer year',
);

/** What pictures show, each drawn in one of `colours`. */
export const shapes = words('disc star cross heart house tree fish flag');

/** With the colours they are drawn in. */
export const colours = new Map([
  ['red', '#c8201c'],
  ['blue', '#1f4fc4'],
  ['green', '#1d8a35'],
  ['yellow', '#f0c51a'],
  ['purple', '#7a2a9c'],
  ['pink', '#f08bb4'],
  ['brown', '#7b4a1e'],
  ['black', '#15151a'],
]);

/** What a chart is made of, as a page of it is asked for. */
export const chartKinds = ['bar', 'line', 'disc'] as const;

function words(...lines: string[]): string[] {
  return lines.flatMap((line) => line.split(' '));
}
