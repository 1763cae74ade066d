import type { Contract, Float32Products, ImageContract, Precision } from '../../configs/contract.js';
import type { RunConfig } from '../../configs/schema.js';
import { UserError } from '../../configs/userError.js';
import type { Tokenizer } from './tokenizer.js';

/**
 * The contract that a run's settings and a base's tokenizer make together.
 * @param precision        the arithmetic in effect, which differs from the setting where the engine cannot offer it
 * @param float32Products  of the engine
 * @param imageValues      of the base, where images are read
 * @throws UserError when the tokenizer lacks the chat template or the token that the settings ask for
 */
export function makeContract(
  { contract, loss, image, lora }: RunConfig,
  tokenizer: Tokenizer,
  precision: Precision,
  float32Products: Float32Products = 'float32',
  imageValues?: Pick<ImageContract, 'mean' | 'std'>,
): Contract {
  const { querySuffix, passageSuffix, answerStart, chatTemplate, appendEos, eosToken } = contract;
  return {
    tokenizer: tokenizer.hash,
    queryPrefix: contract.queryPrefix,
    passagePrefix: contract.passagePrefix,
    ...(querySuffix !== '' && { querySuffix }),
    ...(passageSuffix !== '' && { passageSuffix }),
    titleRule: contract.titleRule,
    ...(chatTemplate && chatAround(contract, tokenizer)),
    ...(answerStart !== '' && { answerStart }),
    bosId: chatTemplate ? null : tokenizer.bosId,
    eosId: appendEos ? endId(eosToken, tokenizer) : null,
    ...(eosToken !== undefined && { eosToken }),
    queryMaxLength: contract.queryMaxLength,
    passageMaxLength: contract.passageMaxLength,
    pooling: 'last',
    normalize: true,
    ...arithmetic(precision, float32Products),
    temperature: loss.temperature,
    ...(imageValues && { image: imageContract(image, imageValues, lora.tower) }),
  };
}

/** Its fields stand in one order, since its hash is made of them. */
const imageContract = (
  { minPixels, maxPixels, order, positions, alpha }: RunConfig['image'],
  { mean, std }: Pick<ImageContract, 'mean' | 'std'>,
  isAdapted = false,
): ImageContract => ({
  minPixels,
  maxPixels,
  order,
  positions,
  alpha,
  resampling: 'bicubic uint8, horizontal first',
  mean: [...mean],
  std: [...std],
  tower: isAdapted ? 'adapted' : 'frozen',
});

/** The same rules in another arithmetic. */
export function withArithmetic(contract: Contract, precision: Precision, float32Products: Float32Products): Contract {
  const { float32Products: _, ...rest } = contract;
  return { ...rest, ...arithmetic(precision, float32Products) };
}

const arithmetic = (precision: Precision, float32Products: Float32Products) => ({
  precision,
  ...(float32Products !== 'float32' && { float32Products }),
});

/** The settings that make this contract with the base it was made with; others stay as they are. */
export function withSettingsOf(contract: Contract, settings: RunConfig): RunConfig {
  const { image, temperature } = contract;
  return {
    ...settings,
    contract: contractSettings(contract),
    loss: { ...settings.loss, temperature },
    ...(image && { image: { ...settings.image, ...imageSettings(image) }, lora: loraSettings(image, settings.lora) }),
  };
}

const imageSettings = ({ minPixels, maxPixels, order, positions, alpha }: ImageContract) => ({
  minPixels,
  maxPixels,
  order,
  positions,
  alpha,
});

function loraSettings({ tower }: ImageContract, { tower: _, ...lora }: RunConfig['lora']): RunConfig['lora'] {
  return { ...lora, ...(tower === 'adapted' && { tower: true }) };
}

function contractSettings(contract: Contract): RunConfig['contract'] {
  const { queryPrefix, passagePrefix, titleRule, queryMaxLength, passageMaxLength, precision, eosToken } = contract;
  return {
    queryPrefix,
    passagePrefix,
    querySuffix: contract.querySuffix ?? '',
    passageSuffix: contract.passageSuffix ?? '',
    titleRule,
    chatTemplate: contract.chatBefore !== undefined,
    answerStart: contract.answerStart ?? '',
    queryMaxLength,
    passageMaxLength,
    appendEos: contract.eosId !== null,
    ...(eosToken !== undefined && { eosToken }),
    precision,
  };
}

function endId(token: string | undefined, tokenizer: Tokenizer): number {
  if (token === undefined) return tokenizer.eosId;
  const id = tokenizer.idOf(token);
  if (id === undefined) throw new UserError(`contract.eosToken must be a token of the base's tokenizer; got ${token}`);
  return id;
}

/** Stands for the text; templates hold no such character. */
const TEXT = '\ue000';

/**
 * What the chat template puts around a user's turn: rendered once, by a text that stands for all. The template must
 * take texts as they are, whatever they begin and end with.
 */
function chatAround(settings: RunConfig['contract'], tokenizer: Tokenizer): { chatBefore: string; chatAfter: string } {
  const { queryPrefix, querySuffix, passagePrefix, passageSuffix, answerStart } = settings;
  const query = around(tokenizer, `${queryPrefix} ${TEXT} ${querySuffix}`, answerStart);
  const passage = around(tokenizer, `${passagePrefix} ${TEXT} ${passageSuffix}`, answerStart);
  if (query.chatBefore !== passage.chatBefore || query.chatAfter !== passage.chatAfter) throw changesText();
  return query;
}

function around(tokenizer: Tokenizer, turn: string, answerStart: string): { chatBefore: string; chatAfter: string } {
  const answer = answerStart === '' ? [] : [{ role: 'assistant', content: answerStart } as const];
  const rendered = tokenizer.renderChat([{ role: 'user', content: turn }, ...answer]);
  const [chatBefore, after, ...more] = rendered.split(turn);
  if (after === undefined || more.length > 0) throw changesText();
  const end = answerStart === '' ? after.length : after.lastIndexOf(answerStart);
  if (end === -1) throw changesText();
  return { chatBefore: chatBefore!, chatAfter: after.slice(0, end) };
}

const changesText = () =>
  new UserError('contract.chatTemplate must be false for this base: its chat template changes the text it is given');
