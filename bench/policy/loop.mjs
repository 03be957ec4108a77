// node|bun loop.mjs bundle: runs the rounds that stdin asks for, one after the other, in this one process.
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

const { round } = await import(pathToFileURL(process.argv[2]).href)
for await (const line of createInterface({ input: process.stdin }))
  console.log(JSON.stringify(await round(...JSON.parse(line))))
