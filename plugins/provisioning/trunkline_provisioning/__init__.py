"""Trunkline plugin: order lines carried out by Ansible playbooks."""
