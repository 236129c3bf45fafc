/*
 * commands.c - the commands, one row each.
 */
#include "cmd.h"

const struct gw_cmd *const gw_cmds[] = {
    &gw_cmd_info,    &gw_cmd_inspect, &gw_cmd_verify,    &gw_cmd_digest,
    &gw_cmd_convert, &gw_cmd_compare, &gw_cmd_export,    &gw_cmd_index,
    &gw_cmd_migrate, &gw_cmd_receive, &gw_cmd_preflight, &gw_cmd_owner,
    &gw_cmd_save,    &gw_cmd_restore, &gw_cmd_demo,      NULL,
};
