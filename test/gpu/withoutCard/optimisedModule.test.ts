import assert from 'node:assert/strict';
import { kernelsOf } from './optimisedModule.js';

/** A product with its workspace, a fusion that takes columns of it, a copy, and a product in a fusion. */
const text = `HloModule example, entry_computation_layout={(f32[4,6]{1,0})->f32[4,2]{1,0}}

%fused_columns (param_0.1: bf16[4,10]) -> f32[4,2] {
  %param_0.1 = bf16[4,10]{1,0} parameter(0)
  %wide = f32[4,10]{1,0} convert(%param_0.1)
  ROOT %columns = f32[4,2]{1,0} slice(%wide), slice={[0:4], [8:10]}, metadata={op_name="n1 (a slice)"}
}

%fused_dot (param_0.2: f32[4,2], param_1: f32[2,3]) -> (f32[4,3], pred[4]) {
  %param_0.2 = f32[4,2]{1,0} parameter(0)
  %param_1 = f32[2,3]{1,0} parameter(1)
  %dot.1 = f32[4,3]{1,0} dot(%param_0.2, %param_1), lhs_contracting_dims={1}, rhs_contracting_dims={0}
  ROOT %both = (f32[4,3]{1,0}, pred[4]{0}) tuple(%dot.1, %mask)
}

ENTRY %main.1 (a.1: bf16[4,6], w.1: bf16[10,6]) -> f32[4,2] {
  %a.1 = bf16[4,6]{1,0} parameter(0), metadata={op_name="XLA_Args"}
  %w.1 = bf16[10,6]{1,0} parameter(1)
  %constant.1 = f32[2,3]{1,0} constant({...})
  %custom-call.1 = (bf16[4,10]{1,0}, s8[4194304]{0}) custom-call(%a.1, %w.1), custom_call_target="__cublas$lt$matmul", backend_config={"gemm_backend_config":{"dot_dimension_numbers":{"lhs_contracting_dimensions":["1"],"rhs_contracting_dimensions":["1"]}}}
  %product = bf16[4,10]{1,0} get-tuple-element(%custom-call.1), index=0
  %some_columns = f32[4,2]{1,0} fusion(%product), kind=kLoop, calls=%fused_columns
  %dotted = (f32[4,3]{1,0}, pred[4]{0}) fusion(%some_columns, /*index=1*/%constant.1), kind=kCustom, calls=%fused_dot
  ROOT %copy.1 = f32[4,2]{0,1} copy(%some_columns)
}
`;

describe('kernelsOf', () => {
  it('counts what the entry starts, the bytes that it reads and writes, and the operations of its products', () => {
    assert.deepEqual(kernelsOf(text), [
      // two bytes for each of a, w and the product; no workspace. 40 sums of 6
      { name: 'custom-call.1', bytes: 2 * (24 + 60 + 40), flops: 2 * 40 * 6 },
      // of the product two columns, not ten
      { name: 'some_columns', bytes: 2 * 8 + 4 * 8, flops: 0 },
      // a product and four flags of a byte
      { name: 'dotted', bytes: 4 * (8 + 6 + 12) + 4, flops: 2 * 12 * 2 },
      { name: 'copy.1', bytes: 4 * 8 * 2, flops: 0 },
    ]);
  });

  it('counts no module that starts what it does not see', () => {
    const loop = text.replace('copy(%some_columns)', 'while(%some_columns), condition=%c, body=%b');
    assert.throws(() => kernelsOf(loop), /copy\.1: what while starts is not counted/);
    assert.throws(() => kernelsOf('HloModule empty'), /without an entry/);
  });
});
