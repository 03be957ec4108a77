import { defineConfig } from 'vitest/config'

const FULL = ['test/**/*.full.test.ts']

export default defineConfig({
  test: {
    testTimeout: 90_000,
    hookTimeout: 60_000,
    globalSetup: ['test/support/temporary.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'fast',
          include: ['src/**/*.test.ts', 'templates/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: FULL,
          maxWorkers: 2,
        },
      },
      {
        extends: true,
        test: { name: 'full', include: FULL, testTimeout: 600_000, hookTimeout: 900_000, fileParallelism: false },
      },
    ],
  },
})
