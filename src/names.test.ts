import { describe, expect, it } from 'vitest'
import { nameProblem, similarName, targetOf } from './names.ts'

describe('nameProblem', () => {
  it('accepts what npm and every file system accept', () => {
    for (const name of ['my-analytics', 'a', '1st', 'logs.v2', 'snake_case', 'x'.repeat(214)]) {
      expect(nameProblem(name), name).toBeUndefined()
    }
  })

  it.each([
    'My-App',
    '.hidden',
    '_private',
    '-flag',
    'white space',
    'ümlaut',
    'a/b',
    'a\\b',
    '@scope',
    'tilde~',
    'ends.',
    'con',
    'nul.txt',
    'com1',
    'LPT9',
    'node_modules',
    'favicon.ico',
    'fs',
    'http',
    '',
    'x'.repeat(215),
  ])('refuses %j', (name) => {
    expect(nameProblem(name)).toEqual(expect.any(String))
  })

  it('refuses the name of a package that the project depends on', () => {
    expect(nameProblem('hono', ['hono'])).toMatch('depends on')
  })

  it('suggests names that it would accept', () => {
    for (const name of ['My App', '..x', 'Ünï', 'con', '***'])
      expect(nameProblem(similarName(name)), name).toBeUndefined()
    expect(similarName('My App')).toBe('my-app')
    expect(similarName('Ünïcode Ordner')).toBe('unicode-ordner')
  })
})

describe('targetOf', () => {
  it('takes a path anywhere, and names the package after its last part', () => {
    expect(targetOf('../x/my-app', '/home/me/here')).toEqual({ dir: '/home/me/x/my-app', name: 'my-app' })
    expect(targetOf('my-app/', '/home/me')).toEqual({ dir: '/home/me/my-app', name: 'my-app' })
    expect(targetOf('.', '/home/me/my-app')).toEqual({ dir: '/home/me/my-app', name: 'my-app' })
  })

  it.each(['', '/', '..', '../..', 'a/..', 'my-app\0', 'My-App', 'a/CON'])('refuses %j as a usage error', (dir) => {
    expect(() => targetOf(dir, '/home/me')).toThrow(expect.objectContaining({ exitCode: 2 }))
  })
})
