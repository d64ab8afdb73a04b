// @ts-check
/** Families on the desk: one card stands for all its look-alikes, until some go their own way. */

/** @typedef {import("./card.js").Card} Card */

/** @param {Card} lead @param {Card} card */
function join(lead, card) {
  card.lead = lead;
  lead.kin.push(card);
}

/** The members of a family become one card. @param {Card[]} cards none of them in a family yet */
export function gather(cards) {
  /** @type {Map<string, Card>} */
  const leads = new Map();
  return cards.filter((card) => {
    const { family } = card.case;
    const lead = leads.get(family ?? "");
    if (lead) join(lead, card);
    else if (family) leads.set(family, card);
    return !lead;
  });
}

/** All that the cards stand for, themselves included. @param {Card[]} cards */
export const all = (cards) => cards.flatMap((card) => card.whole);

/** The cards that stand for these. @param {Card[]} cards */
export const tops = (cards) => [...new Set(cards.map((card) => card.lead ?? card))];

/** A card leaves its family; the one that stands for the rest then, if there is a rest. @param {Card} card */
export function part(card) {
  const { lead } = card;
  if (lead) {
    lead.kin = lead.kin.filter((other) => other !== card);
    card.lead = null;
    return lead;
  }
  const [next, ...rest] = card.kin;
  card.kin = [];
  if (!next) return undefined;
  next.lead = null;
  for (const other of rest) join(next, other);
  return next;
}

/**
 * Members that came back while the others stay decided are a family of their own. The cards that stand for
 * what is open.
 * @param {Card[]} cards
 */
export function apart(cards) {
  return tops(cards).map((lead) => {
    const open = lead.whole.filter((card) => card.isOpen);
    if (!open.length || open.length === lead.whole.length) return lead;
    for (const card of open) part(card);
    const [first, ...rest] = open;
    for (const card of rest) join(first, card);
    return first;
  });
}
