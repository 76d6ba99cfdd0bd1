// Judging a run by another policy, without reading it again: the document of
// cells has the class of each, and the outcomes that each policy accepts.
// @ts-check

/** @type {WeakMap<doc.Cells, Map<string, doc.Cells>>} document of cells → policy → the same under that policy */
const derived = new WeakMap();

/**
 * The verdict of a result under a policy.
 * @type {(cells: doc.Cells, policy: string, verdict: string, outcome: string, klass: string) => string}
 */
export const verdictUnder = (cells, policy, verdict, outcome, klass) => {
  const rule = cells.policies.find(p => p.name === policy);
  if (!rule || klass !== "deviates") return verdict;
  const o = cells.outcomes.indexOf(outcome);
  return o >= 0 && rule.accepts[o] ? "pass" : "fail";
};

/**
 * The document of cells under a policy; the run's own is "".
 * @type {(cells: doc.Cells, policy: string) => doc.Cells}
 */
export const underPolicy = (cells, policy) => {
  const rule = cells.policies.find(p => p.name === policy);
  if (!rule) return cells;
  const known = derived.get(cells) ?? new Map();
  derived.set(cells, known);
  const now = known.get(policy) ?? judge(cells, rule);
  known.set(policy, now);
  return now;
};

/** @type {(cells: doc.Cells, rule: doc.PolicyRule) => doc.Cells} */
const judge = (cells, rule) => {
  const deviates = cells.classes.indexOf("deviates"), pass = cells.verdicts.indexOf("pass"), fail = cells.verdicts.indexOf("fail");
  const now = { ...cells, outcome: cells.outcome.slice(), detail: cells.detail.slice(), class: cells.class.slice(), flaky: { ...cells.flaky }, standing: rule.standing, why: rule.why };
  now.verdict = cells.verdict.map((v, i) => cells.class[i] !== deviates ? v : rule.accepts[cells.outcome[i]] ? pass : fail);
  for (const [key, judged] of Object.entries(rule.judged)) {
    const i = Number(key);
    now.verdict[i] = judged.verdict;
    now.outcome[i] = judged.outcome;
    now.detail[i] = judged.detail;
    now.class[i] = judged.class;
    if (judged.flaky) now.flaky[i] = judged.flaky;
    else delete now.flaky[i];
  }
  return now;
};

/**
 * The document of a cell, the i-th of cells, under a policy.
 * @type {(cells: doc.Cells, i: number, cell: doc.Cell, policy: string) => doc.Cell}
 */
export const cellUnder = (cells, i, cell, policy) => {
  const now = underPolicy(cells, policy);
  if (now === cells) return cell;
  /** @type {<One extends doc.Attempt | doc.Past>(one: One) => One} */
  const again = one => ({ ...one, verdict: verdictUnder(cells, policy, one.verdict, one.outcome, one.class) });
  return {
    ...cell, verdict: now.verdicts[now.verdict[i]], outcome: now.outcomes[now.outcome[i]], class: now.classes[now.class[i]], meaning: now.meanings[now.outcome[i]],
    flaky: now.flaky[i] ?? "", standing: now.standing[i] ?? "", why: i in now.why ? now.reasons[now.why[i]] : "",
    attempts: cell.attempts.map(again), history: cell.history.map(again),
  };
};
