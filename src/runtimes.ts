/** What a runtime changes in the emitted project: its row is all that a new one needs here. */
export const RUNTIMES = {
  cloudflare: {
    label: 'Cloudflare Workers',
    hint: 'R2 and Logpush, on the Paid plan',
    // Its commands run on the developer's machine; the Worker itself is wrangler's.
    start: 'node --import tsx',
    test: 'vitest run',
    engines: { node: '>=20.12' },
    dependencies: [],
    devDependencies: ['@cloudflare/workers-types', 'tsx', 'wrangler'],
  },
  node: {
    label: 'Node.js',
    hint: '20 and later',
    /** Starts a TypeScript file. */
    start: 'node --import tsx',
    test: 'vitest run',
    engines: { node: '>=20.12' },
    dependencies: ['@hono/node-server'],
    devDependencies: ['tsx'],
  },
  bun: {
    label: 'Bun',
    hint: '1.3 and later',
    start: 'bun',
    test: 'bun test',
    engines: { bun: '>=1.3' },
    dependencies: [],
    devDependencies: [],
  },
  deno: {
    label: 'Deno',
    hint: '2.9 and later',
    start: 'deno run -A',
    test: 'deno run -A npm:vitest run',
    engines: { deno: '>=2.9' },
    dependencies: ['@hono/node-server'],
    devDependencies: [],
  },
} as const
