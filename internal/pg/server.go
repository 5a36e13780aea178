package pg

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
)

// Config says where a node's database is: URLs of a running server, all three or none; with none
// the node runs a private cluster in its data directory.
type Config struct {
	OwnerURL string            `yaml:"owner_url"` // role jike_owner: migrations
	AppURL   string            `yaml:"app_url"`   // role jike_app: portal and partner messages
	SyncURL  string            `yaml:"sync_url"`  // role jike_sync: replication
	Settings map[string]string `yaml:"settings"`  // of the private cluster
}

// Validate refuses a mixture of given and missing URLs.
func (c Config) Validate() error {
	given := 0
	for _, url := range []string{c.OwnerURL, c.AppURL, c.SyncURL} {
		if url != "" {
			given++
		}
	}
	switch {
	case given != 0 && given != 3:
		return errors.New("postgres: owner_url, app_url and sync_url go together: give all three or none")
	case given == 3 && len(c.Settings) > 0:
		return errors.New("postgres: settings are for the private cluster, and the URLs name another server")
	}
	return nil
}

// Server is a node's database server: a private cluster or one that runs apart.
type Server struct {
	OwnerURL, AppURL, SyncURL string
	cluster                   *Cluster
}

// StartServer starts or attaches to the private cluster in data, or takes the URLs as they are,
// and brings the schema to its newest version.
func StartServer(ctx context.Context, c Config, data string, level Level, log *slog.Logger) (*Server, error) {
	s := &Server{OwnerURL: c.OwnerURL, AppURL: c.AppURL, SyncURL: c.SyncURL}
	if c.OwnerURL == "" {
		cluster, err := StartCluster(ctx, ClusterOptions{Dir: filepath.Join(data, "pg"), Settings: c.Settings, Log: log})
		if err != nil {
			return nil, err
		}
		s.cluster = cluster
		s.OwnerURL = cluster.URL(RoleOwner, Database)
		s.AppURL = cluster.URL(RoleApp, Database)
		s.SyncURL = cluster.URL(RoleSync, Database)
	}
	if err := Migrate(ctx, s.OwnerURL, level); err != nil {
		return nil, errors.Join(err, s.Stop(ctx))
	}
	return s, nil
}

// Ended is closed when the private cluster has ended; it never closes for a server that runs
// apart.
func (s *Server) Ended() <-chan struct{} {
	if s.cluster == nil {
		return nil
	}
	return s.cluster.Done()
}

// Stop ends the private cluster if this process started it.
func (s *Server) Stop(ctx context.Context) error {
	if s.cluster == nil {
		return nil
	}
	return s.cluster.Stop(ctx)
}
