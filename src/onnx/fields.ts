/**
 * The messages of ONNX files as protobuf writes them (onnx/onnx.proto, IR 3 to 13): for each message its fields by number.
 * A field's kind is `int`, `float`, `text`, `bytes` or the name of a message; `*` marks a list. Fields that have no row are
 * skipped.
 */
export type Message = keyof typeof FIELDS;

export const FIELDS = {
  Model: {
    1: 'irVersion:int',
    2: 'producer:text',
    3: 'producerVersion:text',
    7: 'graph:Graph',
    8: 'opsets:Opset*',
    14: 'metadata:Entry*',
    25: 'functions:Function*',
  },
  Opset: { 1: 'domain:text', 2: 'version:int' },
  Entry: { 1: 'key:text', 2: 'value:text' },
  Graph: {
    1: 'nodes:Node*',
    2: 'name:text',
    5: 'initializers:Tensor*',
    11: 'inputs:ValueInfo*',
    12: 'outputs:ValueInfo*',
    15: 'sparse:bytes*',
  },
  Node: {
    1: 'inputs:text*',
    2: 'outputs:text*',
    3: 'name:text',
    4: 'op:text',
    5: 'attributes:Attribute*',
    7: 'domain:text',
  },
  Attribute: {
    1: 'name:text',
    2: 'f:float',
    3: 'i:int',
    4: 's:text',
    5: 't:Tensor',
    6: 'g:Graph',
    7: 'floats:float*',
    8: 'ints:int*',
    9: 'strings:text*',
    20: 'type:int',
    21: 'reference:text',
  },
  Tensor: {
    1: 'dims:int*',
    2: 'type:int',
    4: 'floats:float*',
    5: 'int32s:int*',
    6: 'strings:text*',
    7: 'int64s:int*',
    8: 'name:text',
    9: 'raw:bytes',
    10: 'doubles:double*',
    11: 'uint64s:int*',
    13: 'external:Entry*',
    14: 'location:int',
  },
  ValueInfo: { 1: 'name:text', 2: 'type:Type' },
  Type: { 1: 'tensor:TensorType' },
  TensorType: { 1: 'element:int', 2: 'shape:Extents' },
  Extents: { 1: 'extents:Extent*' },
  Extent: { 1: 'value:int', 2: 'name:text' },
  Function: {
    1: 'name:text',
    4: 'inputs:text*',
    5: 'outputs:text*',
    6: 'parameters:text*',
    7: 'nodes:Node*',
    9: 'opsets:Opset*',
    10: 'domain:text',
    11: 'defaults:Attribute*',
  },
} as const satisfies Readonly<Record<string, Readonly<Record<number, string>>>>;

/** The value of a field of that kind. */
type Value<Kind extends string> = Kind extends `${infer One}*`
  ? Value<One>[]
  : Kind extends 'int' | 'float' | 'double'
    ? number
    : Kind extends 'text'
      ? string
      : Kind extends 'bytes'
        ? Uint8Array
        : Kind extends Message
          ? Fields<Kind>
          : never;

type Declared<Name extends Message> = (typeof FIELDS)[Name][keyof (typeof FIELDS)[Name]] & string;

/** A message as it stands in a file; every field may be missing. */
export type Fields<Name extends Message> = {
  -readonly [
    Field in Declared<Name> as Field extends `${infer Key}:${string}` ? Key : never
  ]?: Field extends `${string}:${infer Kind}` ? Value<Kind> : never;
};

/** A field's name, its kind without the star, and whether it is a list. */
export function fieldOf(text: string): { name: string; kind: string; isList: boolean } {
  const [name, kind] = text.split(':') as [string, string];
  const isList = kind.endsWith('*');
  return { name, kind: isList ? kind.slice(0, -1) : kind, isList };
}
