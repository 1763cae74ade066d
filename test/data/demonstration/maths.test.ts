import assert from 'node:assert/strict';
import { parseHelp } from '../../../data/demonstration/maths.js';

const help = `
base.acosf( x )
    Computes the arccosine of a single-precision floating-
    point number. The result is in radians.

    If \`x\` is out of range,
    the function returns \`NaN\`.

    Parameters
    ----------
    x: number
        Input value.

    Returns
    -------
    y: number
        Arccosine (in radians).

    Examples
    --------
    > var y = base.acosf( 1.0 )
    0.0
    // Outside:
    > y = base.acosf( 2.0 )
    NaN


base.acosf.ndarray( N, x,
      strideX )
    Computes it for all.

    See Also
    --------
    base.acos
`;

describe('parseHelp', () => {
  it('parts an entry into signature, first sentence, notes, interface and examples', () => {
    assert.deepEqual(parseHelp(help)[0], {
      name: 'base.acosf',
      signature: 'base.acosf( x )',
      summary: 'Computes the arccosine of a single-precision floating-point number',
      notes: 'The result is in radians.\nIf `x` is out of range, the function returns `NaN`.',
      interface: 'Parameters: x: number Input value.\nReturns: y: number Arccosine (in radians).',
      examples: '> var y = base.acosf( 1.0 )\n0.0\n// Outside:\n> y = base.acosf( 2.0 )\nNaN',
    });
  });

  it('begins an entry at each signature, joins its lines, and leaves cross references out', () => {
    const [, second, ...more] = parseHelp(help);
    assert.deepEqual(second, {
      name: 'base.acosf.ndarray',
      signature: 'base.acosf.ndarray( N, x, strideX )',
      summary: 'Computes it for all',
      notes: '',
      interface: '',
      examples: '',
    });
    assert.deepEqual(more, []);
  });
});
