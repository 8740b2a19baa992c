import { protoFields } from "../core/protobuf.ts";
import { AppError } from "../domain/errors.ts";

const deepestGraph = 8;

type Counts = { nodes: number; parameters: number };

/** Looks through an ONNX file before anything runs it: that it is one, that it holds all of its weights itself, and how
 *  many there are.  Throws: AppError `model_invalid`. */
export function inspectOnnx(file: Buffer): { readonly parameters: number } {
  const counts: Counts = { nodes: 0, parameters: 0 };
  try {
    const graphs = [...protoFields(file)].flatMap(({ field, bytes }) => (field === 7 && bytes !== undefined ? [bytes] : []));
    const [graph] = graphs;
    if (graph === undefined || graphs.length > 1) throw new SyntaxError("it holds no graph");
    countGraph(graph, counts, 0);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw invalid(`this is not an ONNX network (${cause.message})`, cause);
  }
  if (counts.nodes === 0) throw invalid("this is not an ONNX network (its graph is empty)");
  return { parameters: counts.parameters };
}

function countGraph(graph: Buffer, counts: Counts, depth: number): void {
  if (depth > deepestGraph) throw new SyntaxError("its graphs lie too deep");
  for (const { field, bytes } of protoFields(graph)) {
    if (bytes === undefined) continue;
    if (field === 1) {
      counts.nodes += 1;
      countNode(bytes, counts, depth);
    } else if (field === 5) countTensor(bytes, counts);
  }
}

function countNode(node: Buffer, counts: Counts, depth: number): void {
  for (const attribute of protoFields(node)) {
    if (attribute.field !== 5 || attribute.bytes === undefined) continue;
    for (const { field, bytes } of protoFields(attribute.bytes)) {
      if (bytes === undefined) continue;
      if (field === 5 || field === 10) countTensor(bytes, counts);
      if (field === 6 || field === 11) countGraph(bytes, counts, depth + 1);
    }
  }
}

function countTensor(tensor: Buffer, counts: Counts): void {
  let elements = 1;
  for (const { field, number, bytes } of protoFields(tensor)) {
    if (field === 13 || (field === 14 && number !== 0)) throw invalid("its weights lie in another file; export it as one file");
    if (field !== 1) continue;
    for (const dim of number === undefined ? packed(bytes) : [number]) elements *= dim;
  }
  counts.parameters += elements;
  if (!(counts.parameters >= 0 && counts.parameters * 0.25 <= Number.MAX_SAFE_INTEGER))
    throw new SyntaxError("its sizes are impossible");
}

/** Varints one after the other, which is how lists of numbers may also be written. */
function packed(bytes: Buffer | undefined): readonly number[] {
  const numbers: number[] = [];
  let value = 0;
  let factor = 1;
  for (const byte of bytes ?? []) {
    value += (byte & 0x7f) * factor;
    factor *= 128;
    if (byte >= 0x80) continue;
    numbers.push(value);
    value = 0;
    factor = 1;
  }
  return numbers;
}

function invalid(what: string, cause?: unknown): AppError {
  return new AppError("model_invalid", `The network cannot be used: ${what}.`, cause === undefined ? {} : { cause });
}
