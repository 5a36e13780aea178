import { lazy, type ComponentType, type LazyExoticComponent } from 'react'
import { speakFor, type Part } from './language'

/** Something that is loaded when it is first shown, with the texts of its part of the portal. */
export function lazyPart<Props>(part: Part, load: () => Promise<{ default: ComponentType<Props> }>): LazyExoticComponent<ComponentType<Props>> {
  return lazy(async () => (await Promise.all([load(), speakFor(part)]))[0])
}
