/**
 * The messages of an ONNX file: those of `onnx.proto` (onnx.ai, IR version 8) that EPR writes, with their field numbers, as a table.
 *
 * An ONNX file is one ModelProto in Protocol Buffers' encoding. The library `@bufbuild/protobuf` encodes it; this file only defines
 * the schema. Presence is explicit (proto2): a reader can distinguish an attribute of 0 from a missing one.
 */
import { create, createFileRegistry, type DescMessage, type Message, toBinary } from "@bufbuild/protobuf";
import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FileDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";

/** A field: its number, its type (a protocol type or a message of this table), and whether it is a list. */
type Field = readonly [number: number, type: string, list?: "list"];

/** Messages by name, their fields by name. */
const MESSAGES: Record<string, Record<string, Field>> = {
  ModelProto: {
    ir_version: [1, "INT64"],
    producer_name: [2, "STRING"],
    producer_version: [3, "STRING"],
    domain: [4, "STRING"],
    model_version: [5, "INT64"],
    doc_string: [6, "STRING"],
    graph: [7, "GraphProto"],
    opset_import: [8, "OperatorSetIdProto", "list"],
    metadata_props: [14, "StringStringEntryProto", "list"],
  },
  OperatorSetIdProto: { domain: [1, "STRING"], version: [2, "INT64"] },
  StringStringEntryProto: { key: [1, "STRING"], value: [2, "STRING"] },
  GraphProto: {
    node: [1, "NodeProto", "list"],
    name: [2, "STRING"],
    initializer: [5, "TensorProto", "list"],
    doc_string: [10, "STRING"],
    input: [11, "ValueInfoProto", "list"],
    output: [12, "ValueInfoProto", "list"],
  },
  NodeProto: {
    input: [1, "STRING", "list"],
    output: [2, "STRING", "list"],
    name: [3, "STRING"],
    op_type: [4, "STRING"],
    attribute: [5, "AttributeProto", "list"],
    doc_string: [6, "STRING"],
    domain: [7, "STRING"],
  },
  AttributeProto: {
    name: [1, "STRING"],
    f: [2, "FLOAT"],
    i: [3, "INT64"],
    s: [4, "BYTES"],
    floats: [7, "FLOAT", "list"],
    ints: [8, "INT64", "list"],
    strings: [9, "BYTES", "list"],
    type: [20, "INT32"],
  },
  TensorProto: {
    dims: [1, "INT64", "list"],
    data_type: [2, "INT32"],
    name: [8, "STRING"],
    raw_data: [9, "BYTES"],
  },
  ValueInfoProto: { name: [1, "STRING"], type: [2, "TypeProto"], doc_string: [3, "STRING"] },
  TypeProto: { tensor_type: [1, "TensorTypeProto"] },
  TensorTypeProto: { elem_type: [1, "INT32"], shape: [2, "TensorShapeProto"] },
  TensorShapeProto: { dim: [1, "DimensionProto", "list"] },
  DimensionProto: { dim_value: [1, "INT64"], dim_param: [2, "STRING"] },
};

/** The contents of a message: fields by the names of the table; 64-bit whole numbers are bigint. */
export interface Fields {
  [name: string]:
    | string
    | number
    | bigint
    | Uint8Array
    | Fields
    | readonly (string | number | bigint | Fields)[]
    | readonly Uint8Array[];
}

/** Encodes an ONNX file. @param model the fields of a ModelProto */
export function encodeModelProto(model: Fields): Uint8Array<ArrayBuffer> {
  return toBinary(schemaOf("ModelProto"), toMessage("ModelProto", model)).slice();
}

/** Converts plain fields, and those nested in them, to a message of the library. */
function toMessage(name: string, fields: Fields): Message {
  const schema = schemaOf(name), values: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) {
    const [, type] = MESSAGES[name][key], inner = type in MESSAGES;
    const { localName } = schema.fields.find((field) => field.name === key)!;
    if (!inner) values[localName] = value;
    else if (Array.isArray(value)) values[localName] = value.map((own) => toMessage(type, own));
    else values[localName] = toMessage(type, value as Fields);
  }
  return create(schema, values);
}

let schemas: ReadonlyMap<string, DescMessage> | undefined;

/** The library's schema of a message. */
function schemaOf(name: string): DescMessage {
  schemas ??= describeMessages();
  return schemas.get(name)!;
}

function describeMessages(): ReadonlyMap<string, DescMessage> {
  const file = create(FileDescriptorProtoSchema, {
    name: "onnx.proto",
    package: "onnx",
    syntax: "proto2",
    messageType: Object.entries(MESSAGES).map(([name, fields]) => ({
      name,
      field: Object.entries(fields).map(([name, [number, type, list]]) => ({
        name,
        number,
        label: list ? Label.REPEATED : Label.OPTIONAL,
        ...(type in MESSAGES
          ? { type: Type.MESSAGE, typeName: `.onnx.${type}` }
          : { type: Type[type as keyof typeof Type] }),
      })),
    })),
  });
  const registry = createFileRegistry(file, () => undefined);
  return new Map(Object.keys(MESSAGES).map((name) => [name, registry.getMessage(`onnx.${name}`)!]));
}
