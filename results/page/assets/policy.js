// Judging a run by another policy, without reading it again: the document of
// cells has the class of each, and the outcomes that each policy accepts.
// @ts-check

const derived = new WeakMap(); // document of cells → Map of policy → the same under that policy

/** The verdict of a result under a policy. */
export const verdictUnder = (cells, policy, verdict, outcome, klass) => {
  const rule = cells.policies.find(p => p.name === policy);
  if (!rule || klass !== "deviates") return verdict;
  const o = cells.outcomes.indexOf(outcome);
  return o >= 0 && rule.accepts[o] ? "pass" : "fail";
};

/**
 * The document of cells under a policy; the run's own is "".
 */
export const underPolicy = (cells, policy) => {
  const rule = cells.policies.find(p => p.name === policy);
  if (!rule) return cells;
  const known = derived.get(cells) ?? new Map();
  derived.set(cells, known);
  if (!known.has(policy)) known.set(policy, judge(cells, rule));
  return known.get(policy);
};

const judge = (cells, rule) => {
  const deviates = cells.classes.indexOf("deviates"), pass = cells.verdicts.indexOf("pass"), fail = cells.verdicts.indexOf("fail");
  const now = { ...cells, outcome: cells.outcome.slice(), detail: cells.detail.slice(), class: cells.class.slice(), flaky: { ...cells.flaky }, standing: rule.standing, why: rule.why };
  now.verdict = cells.verdict.map((v, i) => cells.class[i] !== deviates ? v : rule.accepts[cells.outcome[i]] ? pass : fail);
  for (const [i, judged] of Object.entries(rule.judged)) {
    now.verdict[i] = judged.verdict;
    now.outcome[i] = judged.outcome;
    now.detail[i] = judged.detail;
    now.class[i] = judged.class;
    if (judged.flaky) now.flaky[i] = judged.flaky;
    else delete now.flaky[i];
  }
  return now;
};

/** The document of a cell, the i-th of cells, under a policy. */
export const cellUnder = (cells, i, cell, policy) => {
  const now = underPolicy(cells, policy);
  if (now === cells) return cell;
  const again = one => ({ ...one, verdict: verdictUnder(cells, policy, one.verdict, one.outcome, one.class) });
  return {
    ...cell, verdict: now.verdicts[now.verdict[i]], outcome: now.outcomes[now.outcome[i]], class: now.classes[now.class[i]], meaning: now.meanings[now.outcome[i]],
    flaky: now.flaky[i] ?? "", standing: now.standing[i] ?? "", why: i in now.why ? now.reasons[now.why[i]] : "",
    attempts: cell.attempts.map(again), history: cell.history.map(again),
  };
};
