/*
 * commands.c - the commands, one row each.
 */
#include "cmd.h"

const struct gw_cmd *const gw_cmds[] = {
    &gw_cmd_info, &gw_cmd_verify, &gw_cmd_digest, &gw_cmd_save, &gw_cmd_restore, NULL,
};
