import { Drawer } from 'antd'
import type { ReactNode } from 'react'

/** A form beside the page. It begins anew each time it opens, and no slip of the mouse closes it. */
export function SideForm({ title, open, onClose, children }: { title: string; open: boolean; onClose: () => void; children: ReactNode }) {
  return (
    <Drawer title={title} open={open} onClose={onClose} size={720} mask={{ closable: false }} data-testid="side-form">
      {open && children}
    </Drawer>
  )
}
