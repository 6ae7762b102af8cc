/**
 * Builds a graph of inputs, constants, nodes and outputs, each with the name that Netron shows, and encodes it as an ONNX file.
 *
 * Each node has the name of its output: the node "conv3" computes the values "conv3" from "conv3.w" and "conv3.b".
 */
import { encodeModelProto, type Fields } from "./messages.ts";

/** Version of the operators: 17 is the first with STFT. */
export const OPSET = 17;

/** Version of the tree operators (domain ai.onnx.ml): supported everywhere since 2021. */
export const TREES_OPSET = 3;

/** Version of the file format that matches {@link OPSET}. */
const IR_VERSION = 8;

/** Numbers of onnx.proto's TensorProto.DataType. */
export const TYPES = { float: 1, int64: 7, string: 8, double: 11 } as const;

/** Type of a value's elements. */
export type ValueType = keyof typeof TYPES;

/** A size, or the name of a size that varies from call to call. */
export type Size = number | string;

/** An attribute: a whole number, whole numbers, floats, a text, or texts. */
export type AttributeValue = number | readonly number[] | Float32Array | string | readonly string[];

/** Numbers of onnx.proto's AttributeProto.AttributeType. */
const ATTRIBUTES = { int: 2, string: 3, floats: 6, ints: 7, strings: 8 };

/** A graph under construction: see the top of this file. */
export class OnnxGraph {
  readonly #inputs: Fields[] = [];
  readonly #outputs: Fields[] = [];
  readonly #constants = new Map<string, Fields>();
  readonly #nodes = new Map<string, Fields>();

  /** Declares an input. @returns its name */
  input(name: string, type: ValueType, shape: readonly Size[], about: string): string {
    this.#inputs.push(valueInfo(name, type, shape, about));
    return name;
  }

  /** Declares a value as an output. */
  output(name: string, type: ValueType, shape: readonly Size[], about: string): void {
    this.#outputs.push(valueInfo(name, type, shape, about));
  }

  /**
   * Adds a constant; the array's type determines the tensor's.
   *
   * @param shape [] for a single number
   * @returns its name
   */
  constant(name: string, data: Float32Array | Float64Array | BigInt64Array, shape: readonly number[]): string {
    if (shape.reduce((a, b) => a * b, 1) !== data.length) {
      throw new RangeError(`Constant '${name}' [${shape}] has ${data.length} numbers`);
    }
    const type = data instanceof Float32Array ? "float" : data instanceof Float64Array ? "double" : "int64";
    this.#constants.set(this.#fresh(name), {
      name,
      dims: shape.map(BigInt),
      data_type: TYPES[type],
      raw_data: littleEndian(data),
    });
    return name;
  }

  /** Adds whole numbers as a constant. @param value a number, or a list of them */
  whole(name: string, value: number | readonly number[]): string {
    return typeof value === "number"
      ? this.constant(name, BigInt64Array.of(BigInt(value)), [])
      : this.constant(name, BigInt64Array.from(value, BigInt), [value.length]);
  }

  /**
   * Adds a node.
   *
   * @param operator for instance "Conv", or "ai.onnx.ml.TreeEnsembleClassifier"
   * @param inputs names of values
   * @param outputs names of its outputs; the last one is also the node's name
   * @returns the last output's name
   */
  node(
    operator: string,
    inputs: readonly string[],
    outputs: string | readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ): string {
    const names = typeof outputs === "string" ? [outputs] : outputs, name = names[names.length - 1];
    const dot = operator.lastIndexOf(".");
    this.#nodes.set(this.#fresh(name), {
      name,
      input: inputs,
      output: names,
      op_type: operator.slice(dot + 1),
      ...(dot > 0 && { domain: operator.slice(0, dot) }),
      attribute: Object.entries(attributes).map(([key, value]) => attribute(key, value)),
    });
    return name;
  }

  /**
   * Encodes the file.
   *
   * @param about name: the graph's name; text: a description for people; producer: EPR's version; properties: for programs
   */
  encode(
    { name, text, producer, properties }: {
      name: string;
      text: string;
      producer: string;
      properties: Readonly<Record<string, string>>;
    },
  ): Uint8Array<ArrayBuffer> {
    const trees = [...this.#nodes.values()].some(({ domain }) => domain === "ai.onnx.ml");
    return encodeModelProto({
      ir_version: BigInt(IR_VERSION),
      producer_name: "EPR",
      producer_version: producer,
      doc_string: text,
      opset_import: [
        { domain: "", version: BigInt(OPSET) },
        ...(trees ? [{ domain: "ai.onnx.ml", version: BigInt(TREES_OPSET) }] : []),
      ],
      metadata_props: Object.entries(properties).map(([key, value]) => ({ key, value })),
      graph: {
        name,
        node: [...this.#nodes.values()],
        initializer: [...this.#constants.values()],
        input: this.#inputs,
        output: this.#outputs,
      },
    });
  }

  /** An unused name. */
  #fresh(name: string): string {
    if (this.#nodes.has(name) || this.#constants.has(name)) {
      throw new Error(`An ONNX graph: expected a new name, found '${name}' again`);
    }
    return name;
  }
}

function valueInfo(name: string, type: ValueType, shape: readonly Size[], about: string): Fields {
  const dim = shape.map((size): Fields => typeof size === "number" ? { dim_value: BigInt(size) } : { dim_param: size });
  return { name, doc_string: about, type: { tensor_type: { elem_type: TYPES[type], shape: { dim } } } };
}

function attribute(name: string, value: AttributeValue): Fields {
  const bytes = (text: string) => new TextEncoder().encode(text);
  if (typeof value === "number") return { name, type: ATTRIBUTES.int, i: BigInt(value) };
  if (typeof value === "string") return { name, type: ATTRIBUTES.string, s: bytes(value) };
  if (value instanceof Float32Array) return { name, type: ATTRIBUTES.floats, floats: [...value] };
  if (value.every((own) => typeof own === "string")) {
    return { name, type: ATTRIBUTES.strings, strings: value.map(bytes) };
  }
  return { name, type: ATTRIBUTES.ints, ints: (value as readonly number[]).map(BigInt) };
}

/** The bytes of numbers in ONNX's byte order, on any machine. */
function littleEndian(data: Float32Array | Float64Array | BigInt64Array): Uint8Array {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
  if (new Uint8Array(Uint16Array.of(1).buffer)[0] === 1) return bytes;
  const size = data.BYTES_PER_ELEMENT;
  for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
  return bytes;
}
