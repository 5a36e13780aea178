import type { components } from '../api/province.gen'

type Schemas = components['schemas']

/** Enumerations of the API in their usual order. */
export const classes: Schemas['CustomerView']['class'][] = ['A1', 'A2', 'B1', 'B2', 'C', 'D']
export const lifecycles: Schemas['CustomerView']['lifecycle'][] = ['potential', 'active', 'suspended', 'lost']
export const contactRoles: Schemas['ContactView']['role'][] = ['decision', 'technical', 'payment', 'liaison', 'other']
export const contractStatuses: Schemas['ContractView']['status'][] = ['draft', 'active', 'expired', 'terminated']

/** A list of codes as options whose labels are the codes. */
export const asOptions = <T extends string>(codes: readonly T[]) => codes.map((value) => ({ value, label: value }))

/** How good news the place in the life cycle is. */
export const lifecycleMoods = { potential: 'waiting', active: 'good', suspended: 'warning', lost: 'bad' } as const
