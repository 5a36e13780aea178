// Package sql carries the databases' shape: numbered migrations for what both levels share, for
// a province and for the national node, each with its own version table, and the two files that a
// superuser runs once on a new cluster.
package sql

import "embed"

// Files holds shared/, province/ and national/, numbered migrations without gaps.
//
//go:embed shared/*.sql province/*.sql national/*.sql
var Files embed.FS

// Roles makes the three roles and the database jike, as a superuser on an empty cluster.
//
//go:embed roles.sql
var Roles string

// NewDatabase takes rights away from PUBLIC in a new database, as a superuser connected to it.
//
//go:embed database.sql
var NewDatabase string
