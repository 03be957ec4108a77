/** What a Worker's bundler makes of a .wasm file: a module that is compiled already. */
declare module '*.wasm' {
  const module: object
  export default module
}
