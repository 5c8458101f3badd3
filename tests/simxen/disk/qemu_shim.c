/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What Debian's QEMU for Xen links to and simxen's drop-in libraries do not have. A disk backend
 * opens two more libraries and calls nothing of them; the functions of libxenctrl are for emulated
 * and passed-through devices, and end the program.
 */
#include <stdlib.h>

#define ABSENT(name)                                                                               \
    void name(void);                                                                               \
    void name(void)                                                                                \
    {                                                                                              \
        abort();                                                                                   \
    }
#define OPENED(library)                                                                            \
    void *library##_open(void *logger, unsigned flags);                                            \
    void *library##_open(void *logger, unsigned flags)                                             \
    {                                                                                              \
        static char handle;                                                                        \
        (void)logger;                                                                              \
        (void)flags;                                                                               \
        return &handle;                                                                            \
    }                                                                                              \
    int library##_close(void *handle);                                                             \
    int library##_close(void *handle)                                                              \
    {                                                                                              \
        (void)handle;                                                                              \
        return 0;                                                                                  \
    }

OPENED(xendevicemodel)
OPENED(xenforeignmemory)
ABSENT(xc_domain_bind_pt_pci_irq)
ABSENT(xc_domain_iomem_permission)
ABSENT(xc_domain_ioport_mapping)
ABSENT(xc_domain_memory_mapping)
ABSENT(xc_domain_populate_physmap_exact)
ABSENT(xc_domain_shutdown)
ABSENT(xc_domain_unbind_msi_irq)
ABSENT(xc_domain_unbind_pt_irq)
ABSENT(xc_domain_update_msi_irq)
ABSENT(xc_get_hvm_param)
ABSENT(xc_physdev_map_pirq)
ABSENT(xc_physdev_map_pirq_msi)
ABSENT(xc_physdev_unmap_pirq)
ABSENT(xc_set_hvm_param)
