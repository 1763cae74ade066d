/** Bytes of a message in Google's wire format, field by field. Source: protobuf.dev, Encoding. */
export type Message = number[];

/** A field that holds a whole number, not below 0, or a flag. */
export const numberField = (field: number, value: number): Message => [...varint(field * 8), ...varint(value)];

/** A field that holds text or another message. */
export function bytesField(field: number, value: string | Message): Message {
  const bytes = typeof value === 'string' ? [...Buffer.from(value)] : value;
  return [...varint(field * 8 + 2), ...varint(bytes.length), ...bytes];
}

function varint(value: number): Message {
  const bytes: Message = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return [...bytes, value];
}
