// What is on screen now, for shortcuts and printing.
// @ts-check

/** @type {{ matrix: { bar: { focus(): void }, matrix: { focus(): void } } | null, cell: { back: string, before: string, after: string } | null, print: (() => Element) | null }} */
export const current = { matrix: null, cell: null, print: null };
