"""What every service uses: who acts, the context, values, cursors, records, disclosure."""
