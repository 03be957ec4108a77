/** Adds up vitest's JSON reports into one closing line; a missing report or a failed test ends with 1. */
import { readFileSync } from 'node:fs'

const total = { passed: 0, failed: 0, skipped: 0 }
for (const file of process.argv.slice(2)) {
  const report = JSON.parse(readFileSync(file, 'utf8'))
  total.passed += report.numPassedTests
  // A file that could not even be loaded has no tests of its own to count.
  total.failed += Math.max(report.numFailedTests, report.numFailedTestSuites > 0 ? 1 : 0)
  total.skipped += report.numPendingTests + report.numTodoTests
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0
