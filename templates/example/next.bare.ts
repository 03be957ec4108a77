/** The demo's last words. */
export async function sayWhatIsNext(lake: string): Promise<void> {
  console.log(`Its lake is ${lake}. The README shows what comes next: your own gateway, your own columns.`)
}
