DELETE FROM export_changes WHERE changed_by = '0';
