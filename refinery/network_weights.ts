/**
 * The weights of a stage's networks under one roof. A stage has one network or several, its members; the weights of the first keep their
 * own names, those of the others begin with their member's number: `conv1.w`, `member-2.conv1.w`.
 */
import { fromOrdinal, ordinal } from "../base/numbering.ts";

/** A network's weights by name; those of further members as `member-2.conv1.w`. */
export type NetworkWeights = Record<string, Float32Array>;

/** Which member a weight is of, from its name: none for the first. */
const MEMBER = /^member-(\d+)\./;

const memberOf = (name: string) => fromOrdinal(Number(MEMBER.exec(name)?.[1] ?? 1));

/** A weight's name among those of all members. */
export const memberName = (member: number, name: string): string =>
  member === 0 ? name : `member-${ordinal(member)}.${name}`;

/** The weights of one member, by their own names. */
export function ownWeights(weights: NetworkWeights, member: number): NetworkWeights {
  const own = Object.entries(weights).filter(([name]) => memberOf(name) === member);
  return Object.fromEntries(own.map(([name, values]) => [name.replace(MEMBER, ""), values]));
}

/** Members that there are weights of; 1 where there are none. */
export function countMembers(weights: NetworkWeights): number {
  return 1 + Math.max(0, ...Object.keys(weights).map(memberOf));
}
