/**
 * The weights of all networks of a stage in one record. A stage has one or more networks, its members. The weights of the first keep
 * their names; those of the others begin with their member's number: `conv1.w`, `member-2.conv1.w`.
 */
import { fromOrdinal, ordinal } from "../base/numbering.ts";

/** A network's weights by name; those of further members are named `member-2.conv1.w`. */
export type NetworkWeights = Record<string, Float32Array>;

/** The member's number in a weight's name; the first member has none. */
const MEMBER = /^member-(\d+)\./;

const memberOf = (name: string) => fromOrdinal(Number(MEMBER.exec(name)?.[1] ?? 1));

/** A weight's name among those of all members. */
export const memberName = (member: number, name: string): string =>
  member === 0 ? name : `member-${ordinal(member)}.${name}`;

/** The weights of one member, with their plain names. */
export function ownWeights(weights: NetworkWeights, member: number): NetworkWeights {
  const own = Object.entries(weights).filter(([name]) => memberOf(name) === member);
  return Object.fromEntries(own.map(([name, values]) => [name.replace(MEMBER, ""), values]));
}

/** Number of members with weights; 1 if there are none. */
export function countMembers(weights: NetworkWeights): number {
  return 1 + Math.max(0, ...Object.keys(weights).map(memberOf));
}
