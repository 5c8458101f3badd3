/* SPDX-License-Identifier: BSD-2-Clause */
/* How libxenvchan's channels are made and ended on Windows. */
#include <stdlib.h>

#include "core/vchan/libxenvchan_private.h"
#include "windows/lib/vchan/vchan_windows.h"

static struct libxenvchan_private *VchanNew(_In_opt_ XENCONTROL_LOGGER *Logger,
                                            _In_ XENCONTROL_LOG_LEVEL Level)
{
    struct libxenvchan_private *Vchan = calloc(1, sizeof(*Vchan));
    int Status = Vchan ? VchanPortStandalone(Logger, Level, &Vchan->port) : VCHAN_NO_MEMORY;

    if (Status != VCHAN_OK) {
        free(Vchan);
        vchan_port_set_error(Status);
        return NULL;
    }
    Vchan->shown.xc = Vchan->port->Xc;
    Vchan->shown.logger = Logger;
    return Vchan;
}

static struct libxenvchan *VchanMade(_In_ struct libxenvchan_private *Vchan, int Status)
{
    if (Status != VCHAN_OK) {
        DWORD Error;

        vchan_port_set_error(Status);
        Error = GetLastError();
        vchan_port_close(Vchan->port);
        free(Vchan);
        SetLastError(Error);
        return NULL;
    }
    libxenvchan_show(Vchan);
    Vchan->shown.event = Vchan->port->Event;
    Vchan->shown.event_port = Vchan->port->Port;
    return &Vchan->shown;
}

struct libxenvchan *libxenvchan_server_init(XENCONTROL_LOGGER *logger, int domain,
                                            const char *xs_path, size_t read_min, size_t write_min,
                                            XENCONTROL_LOG_LEVEL log_level)
{
    struct libxenvchan_private *Vchan = VchanNew(logger, log_level);

    if (!Vchan)
        return NULL;
    Vchan->shown.is_server = 1;
    return VchanMade(Vchan, vchan_channel_serve(&Vchan->channel, Vchan->port, (uint32_t)domain,
                                                xs_path, read_min, write_min));
}

struct libxenvchan *libxenvchan_client_init(XENCONTROL_LOGGER *logger, int domain,
                                            const char *xs_path, XENCONTROL_LOG_LEVEL log_level)
{
    struct libxenvchan_private *Vchan = VchanNew(logger, log_level);

    if (!Vchan)
        return NULL;
    return VchanMade(Vchan,
                     vchan_channel_join(&Vchan->channel, Vchan->port, (uint32_t)domain, xs_path));
}

void libxenvchan_close(struct libxenvchan *ctrl)
{
    struct libxenvchan_private *Vchan = (struct libxenvchan_private *)ctrl;

    if (!ctrl)
        return;
    vchan_channel_close(&Vchan->channel);
    vchan_port_close(Vchan->port);
    free(Vchan);
}

HANDLE libxenvchan_fd_for_select(struct libxenvchan *ctrl)
{
    return ctrl->event;
}
