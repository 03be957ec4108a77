import { runCampaign, type Subject } from './campaign.ts'
import { stories } from './promises.ts'

/** As many interleavings as the ordinary test run plays, from the same seed. */
export const ORDINARY = { seed: 1, count: 2000 }

/** The first story that the subject does not keep; null when it keeps them all. */
export async function storyThatCatches(subject: Subject): Promise<string | null> {
  for (const { name, tell } of stories) {
    const keeps = await tell(subject).then(
      () => true,
      () => false,
    )
    if (!keeps) return name
  }
  return null
}

/** How many interleavings it takes to see the subject break a promise, and which; null when the campaign misses it. */
export async function campaignThatCatches(subject: Subject) {
  const { interleavings, failed } = await runCampaign(ORDINARY, subject)
  return failed[0] ? { interleavings, violation: failed[0].violations[0] as string } : null
}
