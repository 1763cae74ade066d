import assert from 'node:assert/strict';
import { parseJson } from '../../../../data/example/row/parseJson.js';

describe('parseJson', () => {
  it('keeps every digit of whole numbers that a double would round', () => {
    // 9007199254740993 was read as ...992, so that two documents had one id.
    assert.deepEqual(parseJson('{"_id":9007199254740993,"ids":[-12345678901234567890, 9007199254740991]}'), {
      _id: 9007199254740993n,
      ids: [-12345678901234567890n, 9007199254740991],
    });
  });

  it('leaves texts and other numbers as JSON.parse has them', () => {
    for (const json of [
      '{"a":"9007199254740993","b":"x\\"9007199254740993\\\\","c":1.12345678901234567,"d":1e400}',
      '["\\u0000",12345678901234567.5,-0.5e-20]',
      '{"9007199254740993":true}',
    ])
      assert.deepEqual(parseJson(json), JSON.parse(json));
  });

  it('refuses what is no JSON', () => {
    assert.throws(() => parseJson('{"a":9007199254740993'), SyntaxError);
    assert.throws(() => parseJson('{"a":01234567890123456789}'), SyntaxError);
  });
});
