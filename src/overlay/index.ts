export { renderOver } from './apply.ts'
export { fetchOverlay } from './fetch.ts'
export { overlayState, pinOf } from './state.ts'
