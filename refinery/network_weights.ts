/**
 * The weights of a stage's networks under one roof. A stage has one network or several, its members; the weights of the first keep their
 * own names, those of the others begin with their member's number: `conv1.w`, `member-2.conv1.w`.
 */

/** A network's weights by name; those of further members as `member-2.conv1.w`. */
export type NetworkWeights = Record<string, Float32Array>;

/** Which member a weight is of, from its name: none for the first. */
const MEMBER = /^member-(\d+)\./;

const numberOf = (name: string) => Number(MEMBER.exec(name)?.[1] ?? 1);

/** A weight's name among those of all members. @param member from 0 */
export const memberName = (member: number, name: string): string =>
  member === 0 ? name : `member-${member + 1}.${name}`;

/** The weights of one member, by their own names. @param member from 0 */
export function ownWeights(weights: NetworkWeights, member: number): NetworkWeights {
  const own = Object.entries(weights).filter(([name]) => numberOf(name) === member + 1);
  return Object.fromEntries(own.map(([name, values]) => [name.replace(MEMBER, ""), values]));
}

/** Members that there are weights of; 1 where there are none. */
export function countMembers(weights: NetworkWeights): number {
  return Math.max(1, ...Object.keys(weights).map(numberOf));
}
