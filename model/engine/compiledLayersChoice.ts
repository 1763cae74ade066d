import type { CompiledVerdict } from './compiledVerdict.js';

/** Whether layers run as functions compiled by XLA, and why not, for people. */
export interface CompiledLayersChoice {
  isChosen: boolean;
  why: string;
}

let choice: CompiledLayersChoice = { isChosen: false, why: 'no engine was started' };

/** What was chosen when the engine started. */
export const compiledLayersChoice = (): CompiledLayersChoice => choice;

/**
 * Choose for this process.
 * @param asked  TERCET_XLA: 1 and 0 decide, on whatever device
 * @param card   as its driver tells; undefined on the processor and where the driver does not
 * @param verdict  what came of trying them; they count as good where nobody has
 */
export function chooseCompiledLayers(
  asked: string | undefined,
  isCard: boolean,
  card: { computeCapability: string } | undefined,
  verdict?: CompiledVerdict,
): CompiledLayersChoice {
  return (choice = chosen(asked, isCard, card, verdict));
}

function chosen(
  asked: string | undefined,
  isCard: boolean,
  card: { computeCapability: string } | undefined,
  verdict?: CompiledVerdict,
): CompiledLayersChoice {
  if (asked === '1' || asked === '0') return { isChosen: asked === '1', why: `TERCET_XLA is ${asked}` };
  if (!isCard) return { isChosen: false, why: 'the processor has operations of its own' };
  if (!card) return { isChosen: false, why: 'the driver does not tell what card this is' };
  const { computeCapability } = card;
  if (Number.parseInt(computeCapability) >= beyondCompiler)
    return {
      isChosen: false,
      why: `XLA of this TensorFlow cannot compile for compute capability ${computeCapability}`,
    };
  if (verdict && !verdict.works) return { isChosen: false, why: verdict.why };
  return { isChosen: true, why: verdict?.why ?? `a card of compute capability ${computeCapability}` };
}

/** Its LLVM ends the process on Blackwell (tensorflow issue 111958). */
const beyondCompiler = 10;
